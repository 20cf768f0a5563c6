"""A made-up clinic to click through: its people, its horses and a year of its life, played through the services.

`building.build_demo` makes it. Everybody in it is invented; telephone numbers are from the ranges kept for fiction.
"""
