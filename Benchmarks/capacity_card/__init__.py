"""The capacity card: what epp costs, row by row, next to a plain HTTP/2 server."""
