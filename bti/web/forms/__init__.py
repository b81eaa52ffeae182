"""What people type, checked and cleaned. One module per feature on top of base, fields and widgets."""
