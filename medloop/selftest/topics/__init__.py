"""One module a topic, one function a case; open any of them."""
