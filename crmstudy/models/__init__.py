"""What explains what: regression, structural equations, and a second engine that checks the first."""
