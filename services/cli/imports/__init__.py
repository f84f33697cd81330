"""`tocsin import`: other systems' history, mapped here and told to the API as any client might."""
