namespace earshot::statistics {}
