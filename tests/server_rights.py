"""What a PostgreSQL server itself says about roles, rights, owners, policies and triggers."""

from sqlalchemy import Connection, text

from bti.db.rights import OWNER, Process

ROLES = (OWNER, *Process)

_QUESTIONS = {
    "role": """
        SELECT rolname, concat_ws(' ',
            CASE WHEN rolcanlogin THEN 'login' ELSE 'nologin' END,
            CASE WHEN rolsuper THEN 'SUPERUSER' END,
            CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN rolcreatedb THEN 'CREATEDB' END,
            CASE WHEN rolreplication THEN 'REPLICATION' END,
            CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
            CASE WHEN rolinherit THEN 'INHERIT' END)
        FROM pg_roles WHERE rolname LIKE 'stafett%'""",
    "member": """
        SELECT m.rolname, 'of ' || g.rolname FROM pg_auth_members a
        JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
        WHERE m.rolname LIKE 'stafett%' OR g.rolname LIKE 'stafett%'""",
    "database": """
        SELECT who, string_agg(what, ' ' ORDER BY what) FROM (
            SELECT coalesce(r.rolname, 'PUBLIC') AS who, a.privilege_type AS what
            FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE d.datname = current_database() AND a.grantee <> d.datdba) x GROUP BY who""",
    "schema": """
        SELECT nspname || ' ' || who, string_agg(what, ' ' ORDER BY what) FROM (
            SELECT n.nspname, coalesce(r.rolname, 'PUBLIC') AS who, a.privilege_type AS what
            FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
            LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE n.nspname !~ '^(pg_|information_schema)' AND a.grantee <> n.nspowner) x
        GROUP BY nspname, who""",
    "owner": """
        SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')""",
    "table": """
        SELECT relname || ' ' || who, string_agg(what, ' ' ORDER BY what) FROM (
            SELECT c.relname, coalesce(r.rolname, 'PUBLIC') AS who, a.privilege_type
                || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS what
            FROM pg_class c,
                aclexplode(coalesce(c.relacl, acldefault(
                    (CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner))) a
            LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE c.relnamespace = 'public'::regnamespace
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee <> c.relowner) x
        GROUP BY relname, who""",
    "column": """
        SELECT relname || ' ' || who, string_agg(what, ' ' ORDER BY what) FROM (
            SELECT c.relname, coalesce(r.rolname, 'PUBLIC') AS who,
                t.attname || ':' || a.privilege_type AS what
            FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
            LEFT JOIN pg_roles r ON r.oid = a.grantee
            WHERE c.relnamespace = 'public'::regnamespace AND t.attacl IS NOT NULL) x
        GROUP BY relname, who""",
    "function": """
        SELECT p.oid::regprocedure::text, concat_ws(' ', pg_get_userbyid(p.proowner),
            CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END,
            (SELECT 'open to ' || string_agg(coalesce(r.rolname, 'PUBLIC'), ' ' ORDER BY 1)
             FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
             LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> p.proowner))
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace""",
    "default": """
        SELECT pg_get_userbyid(d.defaclrole), d.defaclobjtype::text || ' ' || d.defaclacl::text
        FROM pg_default_acl d""",
    "walls": """
        SELECT c.relname, concat_ws(' ',
            CASE WHEN c.relrowsecurity THEN 'enabled' ELSE 'OFF' END,
            CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE 'NOT FORCED' END)
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')""",
    "policy": """
        SELECT tablename || ' ' || policyname, concat_ws(' ', permissive, cmd,
            array_to_string(roles, ','), 'using', coalesce(qual, '-'),
            'check', coalesce(with_check, '-'))
        FROM pg_policies WHERE schemaname = 'public'""",
    "trigger": """
        SELECT c.relname || ' ' || t.tgname, CASE t.tgenabled WHEN 'O' THEN 'on' ELSE 'OFF' END
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace""",
    "extension": "SELECT extname, '' FROM pg_extension",
    "server": "SELECT srvname, '' FROM pg_foreign_server",
}


def facts(connection: Connection) -> list[str]:
    """One line per fact, in an order of their own, so that two lists can be compared by eye."""
    lines = []
    for kind, question in _QUESTIONS.items():
        rows = connection.execute(text(question)).all()
        lines += sorted(
            f"{kind} {name}: {' '.join(said.split())}".rstrip(": ") for name, said in rows
        )
    return lines
