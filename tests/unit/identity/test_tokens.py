"""Tokens: 256 bits for the browser, a digest for the database."""

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from bti.identity.tokens import new_token, proof_of, token_digest


def test_a_token_is_256_bits_of_url_safe_text():
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_token().text)


def test_no_two_tokens_are_alike():
    assert len({new_token().text for _ in range(1000)}) == 1000


def test_the_digest_is_sha_256_of_the_proof_and_the_proof_of_the_text():
    token = new_token()
    proof = hashlib.sha256(token.text.encode()).digest()
    assert token.proof == proof_of(token.text) == proof
    assert token.digest == token_digest(token.text) == hashlib.sha256(proof).digest()


def test_a_token_is_not_printed():
    token = new_token()
    assert token.text not in repr(token)


@given(st.text(st.characters()))
def test_any_text_from_a_cookie_has_a_digest(text):
    assert len(token_digest(text)) == 32
