"""Paper: what a course report holds, its charts and its PDF. Pure: no Django, no database, no clock."""
