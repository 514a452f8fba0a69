"""Tests of onefold; `tests.strategies` makes random logs, profiles and assignments."""
