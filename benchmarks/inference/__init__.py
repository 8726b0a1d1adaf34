"""What serving costs on top of the network itself, and how long an image waits for its answer."""
