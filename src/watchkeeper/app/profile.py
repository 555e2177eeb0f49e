"""Rows in, a profile out that stands in for them; and a model from rows."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.app.compare import describe, prepare_reference, refuse_strangers, texts_of
from watchkeeper.app.counting import with_tallies
from watchkeeper.app.infer import Roles
from watchkeeper.app.profiling import profile_source
from watchkeeper.app.sources import as_profile, reading
from watchkeeper.core.errors import InputError
from watchkeeper.core.progress import Progress, silent
from watchkeeper.profiles.profile import Profile


def make_profile(
    data: object,
    *,
    model: object = None,
    roles: Roles | None = None,
    like: object = None,
    progress: Progress = silent,
) -> Profile:
    """The profile of a set of rows.

    Parameters
    ----------
    data
        Rows; see `watchkeeper.app.sources.open_source`.
    model, roles
        As for `compare`; not with `like`, whose layout has a model already.
    like
        A profile, or its path, whose layout to use. Without it the rows are a reference: their
        own layout is fitted and the bounds of its grids are measured.
    progress
        Told how far it is.

    Raises
    ------
    InputError, ModelError, ProfileError
        As for `compare`.
    """
    if like is None:
        return prepare_reference(data, model=model, roles=roles, progress=progress).profile
    reference = as_profile(like)
    if reference is None:
        raise InputError(
            f"{describe(like, 'the layout to use')} is not a profile; make the reference's with "
            "`watchkeeper profile DATA -o reference.profile` and name that"
        )
    layout = reference.layout
    with reading(data, name="the data", as_text=texts_of(layout)) as source:
        refuse_strangers(layout, source)
        return with_tallies(profile_source(source, layout, progress=progress), source)


def merge_profiles(profiles: Sequence[Profile]) -> Profile:
    """The profile of the rows of all of them; `ProfileError` where their layouts differ."""
    if not profiles:
        raise InputError("there is no profile to merge; name at least one")
    merged = profiles[0]
    for profile in profiles[1:]:
        merged = merged | profile
    return merged
