"""Schema: the tables of the single database, and which of them are the truth.

The log is the truth, with the suppression list and what was decided, restricted and read; all else
is made from it and can be made anew:

    truth    bundles  log  decisions  suppressed  erased  restricted  checkpoints  erasures  meta
    derived  nodes  members  places  evidence  superseded

A *bundle* is what came with an event besides its instant and contents: customer, identifiers as
given, kind of event and source. A *node* is an identifier in its normal form.

Text of customers stands only in tables whose rows are appended and never grow, so that no page is
ever split in the middle: a split leaves copies behind. Rows of who is erased are emptied (NULL),
and keep nothing but their number until the store is compacted. Numbers are never given twice.
Instants are microseconds of UTC, money is millionths; `seen` is min(time, received).
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    event,
)

SCHEMA = 1  # of the tables of the truth; `migrate` leads from one to the next
DERIVED = 1  # of the others, which are made anew where this has changed

TRUTH = MetaData()
MADE = MetaData()
# Of rows of the log, where several write at once; SQLite has one writer, and counts on.
NUMBERS = Sequence("log_numbers", metadata=TRUTH, data_type=BigInteger)

_WHOLE = BigInteger().with_variant(Integer(), "sqlite")  # the rowid of SQLite is called so


def _number(name: str) -> "Column[int]":
    return Column(name, _WHOLE, primary_key=True, autoincrement=False)


meta = Table("meta", TRUTH, Column("name", Text, primary_key=True), Column("value", Text))

bundles = Table(
    "bundles",
    TRUTH,
    _number("bundle"),
    Column("hash", BigInteger),  # of the others, with the salt; the text decides
    Column("customer", Text),
    Column("kind", Text),  # of event; NULL: a fact
    Column("source", Text),
    Column("given", Text),  # JSON: [[type, [value, ...]], ...], in order
)
Index("bundles_hash", bundles.c.hash, sqlite_where=bundles.c.hash.isnot(None))

log = Table(
    "log",
    TRUTH,
    _number("seq"),
    Column("bundle", BigInteger),
    Column("seen", BigInteger),
    Column("time", BigInteger),
    Column("received", BigInteger),
    Column("key", BigInteger),  # hash of (source, id) as in a log's column "key"; NULL: no id
    Column("item", Text),
    Column("channel", Text),
    Column("value", BigInteger),  # NULL: no amount
    Column("quantity", Float),
    Column("basket", Text),
    Column("id", Text),
    Column("local", Integer),  # seconds by which the local clock is ahead, as in a log; NULL: none
    Column("properties", Text),  # JSON object in order of names; NULL: none
    Column("name", Text),  # of a fact
    Column("text", Text),
    Column("number", Float),
)
Index("log_bundle", log.c.bundle, log.c.seen, sqlite_where=log.c.bundle.isnot(None))
Index("log_key", log.c.key, sqlite_where=log.c.key.isnot(None))
Index("log_time", log.c.time, sqlite_where=log.c.time.isnot(None))

decisions = Table(
    "decisions",
    TRUTH,
    _number("seq"),
    Column("node", BigInteger),  # the anchor of the customer when it was decided
    Column("time", BigInteger),
    Column("decision", Text),
    Column("rank", Integer),
    Column("item", Text),
    Column("score", Float),
    Column("propensity", Float),
    Column("policy", Text),
    Column("more", Text),  # JSON of what else is told
)
Index("decisions_node", decisions.c.node, sqlite_where=decisions.c.node.isnot(None))

# Keyed hashes (Forgotten) of identifiers of people who were erased.
suppressed = Table("suppressed", TRUTH, Column("hash", LargeBinary, primary_key=True))
# Keyed hashes of events of theirs that no such identifier gives away.
erased = Table("erased", TRUTH, Column("hash", LargeBinary, primary_key=True))
# Nodes whose customers are restricted (never those of shared identifiers).
restricted = Table("restricted", TRUTH, _number("node"), Column("time", BigInteger))
checkpoints = Table(
    "checkpoints",
    TRUTH,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger),  # up to which rows were read
    Column("erasures", BigInteger),  # how many erasures there had been
    Column("stale", BigInteger),  # the first erasure of somebody whose rows were read; NULL: none
)
erasures = Table(
    "erasures",
    TRUTH,
    _number("erasure"),
    Column("time", BigInteger),  # as given; NULL: not told
    Column("counts", Text),  # JSON: rows by table, nothing of the person
)

nodes = Table(
    "nodes",
    MADE,
    _number("node"),
    Column("hash", BigInteger),  # with the salt; the text decides
    Column("type", SmallInteger),  # position in the policy, from 0
    Column("value", Text),  # normal form
    Column("alias", BigInteger),  # the first 60 bits of the id that it gives a customer
)
Index("nodes_hash", nodes.c.hash, sqlite_where=nodes.c.hash.isnot(None))
Index("nodes_alias", nodes.c.alias, sqlite_where=nodes.c.alias.isnot(None))

members = Table(
    "members",
    MADE,
    Column("node", BigInteger, primary_key=True, autoincrement=False),
    Column("bundle", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index("members_bundle", members.c.bundle)

# Who is who: of each node.
places = Table(
    "places",
    MADE,
    _number("node"),
    Column("lump", BigInteger),  # the least node of its component; a shared one is alone
    Column("person", BigInteger),  # the anchor of its customer
    Column("flags", Integer),  # SHARED, CONTESTED, GIANT
)
Index("places_lump", places.c.lump)

# Whose: of each bundle with a node.
evidence = Table(
    "evidence",
    MADE,
    _number("bundle"),
    Column("first", BigInteger),  # the least `seen` of its rows
    Column("person", BigInteger),  # the anchor of whose it is; NULL: asked for each row (loose)
    Column("flags", Integer),  # CALM, MIXED
)
Index("evidence_person", evidence.c.person)

# Deliveries of an event of which another one counts, and facts that repeat others.
superseded = Table("superseded", MADE, _number("seq"))

# PostgreSQL samples what is in a column, and keeps it elsewhere: not what may be of a person.
for _table in (bundles, log, decisions, nodes):
    for _name in (column.name for column in _table.c if isinstance(column.type, Text)):
        _said = f'ALTER TABLE {_table.name} ALTER "{_name}" SET STATISTICS 0'
        _there = DDL(_said).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
        event.listen(_table, "after_create", _there)

# Flags of places.
SHARED = 1  # demoted: it serves too many, and links nobody
CONTESTED = 2  # shared, or cut from a stronger one: it does not tell whose an event is
GIANT = 4  # in quarantine

# Flags of evidence.
CALM = 1  # one more row at or after `first` changes nothing of who is who
MIXED = 2  # it has a contested node
