-- Migration 2: what an encoder's checkpoint was trained on, as the experiment declares it.

-- JSON list of the data, [] for untrained weights, NULL where nobody says.
ALTER TABLE experiment_cell ADD COLUMN pretrain_data TEXT
  CHECK(pretrain_data IS NULL OR json_valid(pretrain_data));
-- 1: the cell's dataset, or its like, was among them; 0: it was not; NULL where nobody says.
ALTER TABLE experiment_cell ADD COLUMN in_domain INTEGER CHECK(in_domain IN (0, 1));
