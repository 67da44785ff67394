"""URL rules, with little lists in every form that the public ones have, and those themselves where they are at hand."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import SHARED, needs_shared
from udfs.annotator import Annotator, Texts
from udfs.errors import ConfigError, MissingInputError, ModelError
from udfs.measure.url_rules import UrlRulesConf, url_rules_annotator

FORMS = {
    "plain.txt": "# comment\nBad.com\nhttps://www.worse.org/\n\nodd.net/Page?x=1\n",
    "hosts": "127.0.0.1 localhost\n0.0.0.0 bad.com # why\n::1\tworse.org\n",
    "adblock.txt": "[Adblock Plus]\n! comment\n||bad.com^\n||worse.org^$all\n||fine.com^$popup\n@@||x.com^\nads\n",
}
UT1 = {
    "blacklists/games/domains": "bad.com\nplay.org\n",
    "blacklists/games/urls": "fine.com/play\n",
    "blacklists/press/domains": "bad.com\n",
    "blacklists/README": "fine.com\n",
}


def write(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return str(folder / name)


def write_tar(path: Path, members: dict[str, str]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    return str(path)


def rules(**lists: object) -> Annotator:
    return url_rules_annotator("url_rules", UrlRulesConf.model_validate(lists))


def one(annotator: Annotator, url: str) -> dict[str, object]:
    return {name: column[0] for name, column in annotator(Texts([""], [url])).items()}


@pytest.mark.parametrize("form", FORMS)
def test_a_list_is_read_in_each_of_its_forms(form: str, tmp_path: Path) -> None:
    annotator = rules(lists=[write(tmp_path, form, FORMS[form])])
    hosts = ("bad.com", "www.worse.org", "fine.com", "localhost", "ads", "x.com")
    found = [one(annotator, f"http://{host}/")["is_banned_domain"] for host in hosts]
    assert found == [True, True, False, False, False, False]


def test_a_packed_list_is_read_like_a_plain_one(tmp_path: Path) -> None:
    (tmp_path / "hosts.gz").write_bytes(gzip.compress(FORMS["hosts"].encode()))
    assert one(rules(lists=[str(tmp_path / "hosts.gz")]), "http://bad.com")["is_banned_domain"] is True


def test_ut1_gives_domains_and_urls_their_categories(tmp_path: Path) -> None:
    annotator = rules(lists=[write_tar(tmp_path / "ut1.tar.gz", UT1)])
    assert one(annotator, "http://bad.com/x")["categories"] == "games,press"
    page = one(annotator, "https://www.fine.com/play/")
    assert (page["is_banned_domain"], page["is_banned_url"], page["categories"]) == (False, True, "games")
    assert one(annotator, "https://fine.com/")["categories"] == ""


def test_a_domain_bans_its_subdomains_but_no_longer_names(tmp_path: Path) -> None:
    annotator = rules(lists=[write(tmp_path, "list", "bad.co.uk\nblog.host.com\n")])
    hosts = ("bad.co.uk", "a.b.bad.co.uk", "notbad.co.uk", "co.uk", "me.blog.host.com", "host.com")
    found = [one(annotator, f"http://{host}/")["is_banned_domain"] for host in hosts]
    assert found == [True, True, False, False, True, False]


def test_dclm_looks_for_the_very_host_www_aside(tmp_path: Path) -> None:
    annotator = rules(lists=[write(tmp_path, "list", "bad.com\n")], subdomains=False)
    found = [one(annotator, f"http://{host}/")["is_banned_domain"] for host in ("www.bad.com", "bad.com", "a.bad.com")]
    assert found == [True, True, False]


def test_urls_match_whole_without_scheme_www_fragment_and_final_slash(tmp_path: Path) -> None:
    annotator = rules(lists=[write(tmp_path, "list", FORMS["plain.txt"])])
    urls = ("http://odd.net/page?x=1#top", "HTTPS://WWW.ODD.NET/PAGE?X=1", "http://odd.net/page", "http://odd.net/")
    assert [one(annotator, url)["is_banned_url"] for url in urls] == [True, True, False, False]


def test_strict_words_are_found_anywhere_once_dots_and_hyphens_are_gone(tmp_path: Path) -> None:
    annotator = rules(strict_words=[write(tmp_path, "strict", "plumpie\nquince\n")])
    assert one(annotator, "http://x.com/p-l-u.mpies/quinces-quince")["n_strict_words"] == 2
    assert one(annotator, "http://x.com/plum_pie")["n_strict_words"] == 0


def test_hard_words_stand_alone(tmp_path: Path) -> None:
    annotator = rules(hard_words=[write(tmp_path, "hard", "plum\nfig-tree\n")])
    found = [
        one(annotator, f"http://x.com/{path}")["n_hard_words"] for path in ("a_plum_b", "plums", "fig-tree?q=plum/PLUM")
    ]
    assert found == [1, 0, 2]


def test_soft_words_are_counted_apart(tmp_path: Path) -> None:
    annotator = rules(soft_words=[write(tmp_path, "soft", "plum\nfig\nkiwi\n")])
    assert one(annotator, "http://plum.com/fig/fig/kiwis")["n_soft_words"] == 2


def test_capitals_do_not_escape(tmp_path: Path) -> None:
    lists = {
        "lists": [write(tmp_path, "list", "BAD.com\nodd.net/Page\n")],
        "strict_words": [write(tmp_path, "strict", "PlumPie")],
        "hard_words": [write(tmp_path, "hard", "Fig")],
        "soft_words": [write(tmp_path, "soft", "KIWI")],
    }
    found = one(rules(**lists), "HTTP://BAD.COM/PLUM-PIE/FIG/KIWI")
    assert list(found.values()) == [True, False, "", 1, 1, 1]
    assert one(rules(**lists), "HTTP://ODD.NET/PAGE")["is_banned_url"] is True


def test_rules_without_lists_say_nothing() -> None:
    assert set(one(rules(), "http://bad.com/").values()) == {None}


@pytest.mark.parametrize("url", ["", "no url", "ftp://bad.com/", "http://[::1", "http://\ud800.com/"])
def test_what_is_no_url_has_no_values(url: str, tmp_path: Path) -> None:
    assert set(one(rules(lists=[write(tmp_path, "list", "bad.com\n")]), url).values()) == {None}


@given(url=st.text(max_size=60), tail=st.text(max_size=60))
def test_any_url_can_be_asked_about(url: str, tail: str) -> None:
    assert one(rules(), url).keys() == one(rules(), f"http://bad.com/{tail}").keys()


def test_the_version_names_the_lists_and_the_way_of_matching(tmp_path: Path) -> None:
    path = write(tmp_path, "list", "bad.com\n")
    versions = {
        rules(lists=[path]).version,
        rules(hard_words=[path]).version,
        rules(lists=[path], subdomains=False).version,
    }
    assert len(versions) == 3
    write(tmp_path, "list", "worse.com\n")
    assert rules(lists=[path]).version not in versions


def test_a_list_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no such list"):
        rules(lists=[str(tmp_path / "none")])


def test_a_list_that_changes_before_it_is_read_is_an_error(tmp_path: Path) -> None:
    annotator = rules(lists=[write(tmp_path, "list", "first.com\n")])
    write(tmp_path, "list", "second.com\n")
    with pytest.raises(ModelError, match="changed"):
        one(annotator, "http://bad.com/")


def test_an_archive_that_is_none_is_an_error(tmp_path: Path) -> None:
    for name in ("list.gz", "list.tar.gz"):
        annotator = rules(lists=[write(tmp_path, name, f"in-{name}.com\n")])
        with pytest.raises(ConfigError, match="not the archive"):
            one(annotator, "http://bad.com/")


@needs_shared
def test_the_public_lists_are_read_as_they_are() -> None:
    folder = SHARED / "lists"
    words = folder / "dclm_banlists" / "refinedweb_banned_words_hard_reverse_engineered.txt"
    annotator = rules(
        lists=[str(folder / "ut1_subset.tar.gz"), str(folder / "easylist_dolma.txt.gz")], hard_words=[str(words)]
    )
    with tarfile.open(folder / "ut1_subset.tar.gz") as archive:
        for category in ("games", "press", "bank", "shortener"):
            stream = archive.extractfile(f"{category}/domains")
            assert stream
            for line in stream.read().decode().split()[:300:7]:
                found = one(annotator, f"http://{line}/")
                if found["is_banned_domain"] is not None:  # a few lines are no hosts
                    assert category in str(found["categories"]).split(",")
    for line in words.read_text().split():
        assert one(annotator, f"http://example.com/{line.upper()}/")["n_hard_words"] == 1
    lines = gzip.decompress((folder / "easylist_dolma.txt.gz").read_bytes()).decode().splitlines()
    whole = [line[2:-1] for line in lines if line.startswith("||") and line.endswith("^") and "*" not in line]
    assert all(
        one(annotator, f"http://{host}/")["is_banned_domain"] is not False for host in whole[::500] if "/" not in host
    )
    assert one(annotator, "https://en.wikipedia.org/wiki/Delta")["is_banned_domain"] is False
