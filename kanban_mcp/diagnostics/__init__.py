"""What the server knows about itself. Sees the layers below, is seen by none of them; `app.py` ties it to them."""
