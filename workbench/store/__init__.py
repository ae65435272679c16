"""The only package that contains SQL: connection, migrations, writer, one module an aggregate."""
