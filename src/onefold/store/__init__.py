"""The single database: everything that customers do, in one place that an application can trust."""
