"""Mergeable, sufficient statistics of a set of rows.

What comes in: Arrow batches (the kernel) or an Ibis table (the query), and a `Layout` that a
reference has fixed. What goes out: a `Profile`. The laws, held by tests:

- merging (`|`) is associative and commutative, and a profile of no rows is its identity;
- the profile of a union of rows is the merge of their profiles;
- kernel and query agree: counts exactly, sums to floating-point reordering.

- `base`: array type, the merge protocol.
- `grid`: bins of a numeric column, fixed by the reference; the bound on what binning hides.
- `numeric`, `categorical`, `text`, `rows`: statistics of a column, and of whole rows.
- `classification`, `regression`, `ranking`: labels against predictions.
- `layout`: the grids, vocabularies and roles that all profiles of a model share.
- `fit`: a sample of the reference in, its layout out.
- `profile`: the statistics of one set of rows, and their merge.
- `kernel`: an Arrow batch in, a profile out.
- `windows`, `lists`: rows by their time, and the lists of a ranking.
- `codec`: a profile as a compact file that is safe to load from strangers.
"""
