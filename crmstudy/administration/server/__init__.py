"""The server: respondents answer, staff see how far the study is. The application is made in :mod:`.app`."""
