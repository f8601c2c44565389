"""The paper's numbers, and this edition's beside them."""
