"""Stands in for Django's command line: remembers in a table what it was asked, and answers like seed_demo."""

import os
import sys

import psycopg

with psycopg.connect(os.environ["SUPERUSER_DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS asked (command text)")
    connection.execute("INSERT INTO asked VALUES (%s)", [sys.argv[1]])
    if sys.argv[1] == "history":
        print(*(row[0] for row in connection.execute("SELECT command FROM asked")))
if sys.argv[1] == "seed_demo":
    print("olivia@acme.example signs in with a stand-in")
