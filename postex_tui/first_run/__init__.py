"""From an empty folder to the first document: the steps, the commands that carry them out, the bridge, the letter.

Contract. What is done before the bridge answers is done by the same commands that an admin types, as the operator of
the machine; what comes after is asked of the control API, as the owner. Where one is follows from what is there:
whoever closes the app in the middle goes on at the same step.
"""
