"""What is kept of a study in the field: one database, one writer, and jobs that are done whole or not at all.

``schema`` has the tables, ``engine`` the settings of SQLite and PostgreSQL, ``writer`` the one thread that commits,
``store`` the whole; the other modules are jobs, each about one matter. A job is a function of a :class:`.writer.Work`.
"""
