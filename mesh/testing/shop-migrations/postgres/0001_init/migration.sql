CREATE TABLE item (
  id bigserial PRIMARY KEY,
  name text NOT NULL,
  price bigint NOT NULL,
  version bigint NOT NULL DEFAULT 1
);
CREATE TABLE note (id bigserial PRIMARY KEY, text text NOT NULL);
