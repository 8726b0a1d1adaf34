"""What compressed pixels say of themselves, read before any decoder is let near them."""
