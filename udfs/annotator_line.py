"""A line of conf/annotators.yaml, whatever its kind: its name, and where it is asked."""

from udfs.conf import Conf, Name


class AnnotatorLine(Conf):
    """What all kinds of annotators have.

    `where` is SQL over the columns of a page and of annotators that have no `where` or stand above; elsewhere the
    column is null.
    """

    name: Name
    where: str = ""
