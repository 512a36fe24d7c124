"""What of a file a report may quote.

Reports end in public build logs, and files hold passwords under any name: so it is not secrets that are looked for, but
what is surely about networks; everything else is shown as asterisks.
"""
