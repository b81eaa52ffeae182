"""The archive package of one closed case: what it is made of, how it is signed, and how anybody checks it.

Knows bytes, files and signed notes; neither the database nor who may make a package.
"""
