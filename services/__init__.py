"""The three services; `cli` alone knows them all."""
