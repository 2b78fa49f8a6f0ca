"""What comes before a session: signing in, taking an account over, and the ways back."""
