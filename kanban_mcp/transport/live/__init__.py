"""Changes as they happen, over WebSockets."""
