"""Certificates, a module for each kind of question. They import no solver."""
