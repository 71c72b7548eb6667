"""What goes in and comes out of operations: frozen models without behaviour of their own."""
