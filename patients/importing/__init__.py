"""Files of patients from another program: their tables, columns, cells and rows, read into what the register form takes."""
