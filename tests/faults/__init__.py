"""What is lost when things break: power cuts, kills, full disks, repeated posts.

``python -m tests.faults`` does all of it at length and prints the tables of docs/faults.md; the tests do shorter forms.
"""
