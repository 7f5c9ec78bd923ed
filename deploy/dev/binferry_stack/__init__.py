"""The real servers of development and tests, without a container engine and without root."""
