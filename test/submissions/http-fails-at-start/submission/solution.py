"""A server that lacks a module: the line says which, and where it is imported."""
import sys

import a_module_that_nobody_has

print("/health", sys.argv, a_module_that_nobody_has)
