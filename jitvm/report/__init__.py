"""What the virtual machine did, for people."""
