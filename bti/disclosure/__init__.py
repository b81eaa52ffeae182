"""Statistical disclosure control: tables of counts in, tables safe to publish out.

Pure Python on frozen values. It knows nothing of persons, databases, keys or the web.
"""
