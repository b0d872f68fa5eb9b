CREATE TABLE item (
  id integer PRIMARY KEY,
  name text NOT NULL,
  price bigint NOT NULL,
  version bigint NOT NULL DEFAULT 1
);
CREATE TABLE note (id integer PRIMARY KEY, text text NOT NULL);
