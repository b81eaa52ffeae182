"""Every use of cryptography and of secret chance in the program: in which module, what, and what for.

For whoever must know what is affected when an algorithm weakens or a kind of key is to be changed. A test compares
it with what the modules import, so a new use is a line somebody has to write here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_RANDOM: Final = "random"
_NAMES: Final = "random names"
_COMPARE: Final = "comparison in constant time"

USES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # -- keys and sealed values
        "bti.crypto.entropy": (
            _RANDOM,
            "keys and nonces, from the system, with a watch on repetition",
        ),
        "bti.crypto.envelope": (
            "AES-256-GCM; HKDF-SHA-256",
            "values sealed to their place; sub-keys",
        ),
        "bti.crypto.wrapping": (
            "AES-256-GCM; HMAC-SHA-256",
            "data keys under the kek, with commitment",
        ),
        "bti.crypto.provider": ("SHA-256", "what a tenant key is for, inside the wrapped block"),
        "bti.crypto.software_root": ("AES-256-GCM", "tenant keys under a root key in memory"),
        "bti.crypto.root_key_document": (
            "argon2id; AES-256-GCM",
            "root key locked with a passphrase",
        ),
        "bti.crypto.file_provider": ("AES-256-GCM", "the root key in a file"),
        "bti.crypto.root_files": (_RANDOM, "the next root key"),
        "bti.crypto.transit_provider": ("SHA-256", "context for the key service"),
        "bti.crypto.transit_http": ("TLS 1.2 or later", "the key service"),
        "bti.smtp": ("TLS 1.2 or later", "the mail server"),
        "bti.crypto.pkcs11_provider": ("AES-256-GCM or AES key wrap", "inside the hardware module"),
        "bti.crypto.pkcs11_token": ("AES-256", "the root key of the hardware module, made in it"),
        "bti.crypto.stream": ("Cobblestone-256 (AES-256-GCM, HKDF-SHA-512)", "files and backups"),
        "bti.crypto.backup_key": (
            "HPKE: ML-KEM-768 with X25519, HKDF-SHA-256, AES-256-GCM; SHAKE-256",
            "backups",
        ),
        "bti.crypto.shares": (
            "Shamir over GF(256); SHA-256; CRC-32",
            "root key and backup key on paper",
        ),
        "bti.slt.secret_box": ("AES-256-GCM", "one-time-code secrets of the network side"),
        # -- codes, tokens and look-ups
        "bti.crypto.row_mac": (
            "HMAC-SHA-256; SHA-256",
            "rows that grant authority; digests of rows",
        ),
        "bti.crypto.blind_index": (
            "HMAC-SHA-256, 128 bits",
            "look-up of national ids and usernames",
        ),
        "bti.keyd.codes": ("SHA-256", "which secret a one-time code was of"),
        "bti.domain.approval": ("SHA-256", "the parameters that two people agreed to"),
        "bti.web.csrf": ("HMAC-SHA-256", "form tokens bound to the session"),
        # -- people
        "bti.identity.password": ("argon2id", "passwords"),
        "bti.identity.tokens": ("random; SHA-256", "session tokens, of which the hash is stored"),
        "bti.identity.client_keys": (
            _RANDOM,
            "keys of professional systems, of which the hash is stored",
        ),
        "bti.identity.totp": (
            "HMAC-SHA-1 (RFC 6238)",
            "one-time codes; SHA-1 because every app has it",
        ),
        "bti.workflows.attempts": (
            "SHA-256",
            "names and addresses of failed sign-ins, not stored in plain",
        ),
        "bti.slt.sign_in": ("SHA-256", "the same on the network side"),
        "bti.workflows.register": (_RANDOM, "first passwords"),
        "bti.workflows.account_reset": (_RANDOM, "first passwords after a loss"),
        "bti.cli.accounts": (_RANDOM, "first passwords"),
        "bti.cli.network": (_RANDOM, "first passwords of the network side"),
        # -- the access log
        "bti.crypto.signing": ("Ed25519; HKDF-SHA-256", "the key that signs checkpoints inline"),
        "bti.keyd.archiving": ("Ed25519", "archive packages, by a key that signs no log"),
        "bti.archive.package": ("SHA-256", "the manifest of an archive package"),
        "bti.archive.verify": ("SHA-256", "its files, when it is checked"),
        "bti.cli.archive_files": ("SHA-256", "its files, when they are written"),
        "bti.slt.indicator_csv": ("SHA-256", "whether a file of indicators was brought in before"),
        "bti.slt.appendix": ("SHA-256", "which file an appendix was, once it is taken away"),
        "bti.slt.document": ("SHA-256", "the fingerprint of a report that was made"),
        "bti.slt.meeting_export": ("SHA-256", "the manifest of exported minutes"),
        "bti.workflows.archive_content": ("SHA-256", "whether a case holds what was packed"),
        "bti.keyd.tenant_verbs": ("Ed25519", "checkpoints signed by the broker"),
        "bti.audit.signer": (
            "Ed25519",
            "checkpoints signed by the sequencer's signer, with a key of its own",
        ),
        "bti.audit.witness": ("Ed25519; SHA-256", "cosignatures of a neighbour's log"),
        "bti.audit.note": ("Ed25519; SHA-256", "signed notes (C2SP)"),
        "bti.audit.leaf": ("SHA-256", "form of digests in entries"),
        "bti.audit.tree": ("SHA-256", "the Merkle tree (RFC 9162)"),
        "bti.audit.verify.notes": ("Ed25519; SHA-256", "the offline verifier: checkpoints"),
        "bti.audit.verify.tree": ("SHA-256", "the offline verifier: its own Merkle tree"),
        "bti.audit.reconcile": (_COMPARE, "digests of rows"),
        "bti.audit.pending": (_NAMES, "writers of the log"),
        # -- whole and unchanged
        "bti.db.blobs": (_NAMES, "sealed files on disk"),
        "bti.workflows.attachment_file": ("SHA-256", "sealed files, held to their rows"),
        "bti.workflows.attachment_sweep": ("SHA-256", "the same, checked at night"),
        "bti.db.dump": ("SHA-256", "that a backup's rows are all there"),
        "bti.db.dump_load": ("SHA-256", "the same, read"),
        "bti.disclosure.release": ("SHA-256", "released tables"),
        "bti.workflows.release_count": (_NAMES, "children counted in a release"),
        "bti.workflows.release_record": (
            "Ed25519; random",
            "signatures of releases, and the key of their rounding",
        ),
        "bti.slt.release": ("Ed25519", "signatures of releases, checked before one is shown"),
        "bti.disclosure.linked.rounding": ("HMAC-SHA-256", "which way a number is rounded"),
        "bti.cli.protect": (_RANDOM, "the key of rounding"),
        "bti.workflows.consent": ("SHA-256", "the text that was shown with a question"),
        "bti.web.static_files": ("SHA-256", "style sheets and scripts in addresses"),
        # -- names that nobody shall guess, and no secret
        "bti.workflows.own_rules": ("SHA-256", "a text of local rules, held to what two agreed to"),
        "bti.workflows.once": ("SHA-256", "one row for each sending of a form"),
        "bti.workflows.api_calls": ("SHA-256", "one row for each sending of a professional system"),
        "bti.workflows.api_sign_in": ("SHA-256", "names of the counts of calls"),
        "bti.web.forms.consultation": ("SHA-256", "which text a reason was given for"),
        "bti.web.forms.concern_import": ("SHA-256", "one row for each row of a list that is sent"),
        "bti.web.views.api": ("SHA-256", "whether a sending says what it said before"),
        "bti.workflows.concern": ("SHA-256", "one case for each sending of a form"),
        "bti.workflows.case_number": (_RANDOM, "case numbers"),
        "bti.workflows.bait": (_RANDOM, "made-up children of bait cases"),
        "bti.workflows.backup": (_NAMES, "which two files of a backup belong together"),
        "bti.workflows.drill": ("random; SHA-256", "which case a drill opens; its files"),
        "bti.cli.paper": (_NAMES, "sets of shares"),
        "bti.cli.provider": (_NAMES, "sets of shares"),
    }
)
"""Module → (primitive, what for)."""
