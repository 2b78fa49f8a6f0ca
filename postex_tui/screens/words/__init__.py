"""What things are called on more than one screen."""
