"""Who is who: customers arrive under many names, and this says which are one person's."""
