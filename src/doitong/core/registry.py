"""The rows of the registry of errors: code, HTTP status, public sentence and advice. Codes never change; texts may."""

from collections.abc import Mapping

from doitong.core.texts import ErrorSpec, Text


def _spec(code: str, status: int, message: Text, advice: Text) -> ErrorSpec:
    return ErrorSpec(code, status, message, advice)


_SPECS = (
    _spec(
        "MALFORMED_REQUEST",
        400,
        Text("The request is malformed: {reason}", "Zahteva je nepravilno oblikovana: {reason}"),
        Text(
            "Send one JSON object in UTF-8 with Content-Type: application/json.",
            "Pošljite en objekt JSON v UTF-8 s Content-Type: application/json.",
        ),
    ),
    _spec(
        "INVALID_PARAMETER",
        400,
        Text("{parameter} {allowed}.", "{parameter} {allowed}."),
        Text(
            "Correct the parameter that `extensions.parameter` names; `extensions.allowed` says what is valid.",
            "Popravite parameter, ki ga imenuje `extensions.parameter`; `extensions.allowed` pove, kaj velja.",
        ),
    ),
    _spec(
        "ADDRESS_DENIED",
        400,
        Text(
            "{parameter} points to an address that this service does not call.",
            "{parameter} kaže na naslov, ki ga ta storitev ne kliče.",
        ),
        Text(
            "Use a public address. An operator can allow ranges with DOITONG_EGRESS_ALLOW.",
            "Uporabite javni naslov. Upravljavec lahko dovoli obsege z DOITONG_EGRESS_ALLOW.",
        ),
    ),
    _spec(
        "IMAGE_REFUSED",
        400,
        Text("{parameter} {allowed}.", "{parameter} {allowed}."),
        Text(
            "Send a JPEG, PNG or WebP picture within the documented limits.",
            "Pošljite sliko JPEG, PNG ali WebP v dokumentiranih mejah.",
        ),
    ),
    _spec(
        "GRAPHQL_INVALID",
        400,
        Text("The GraphQL request is not valid: {reason}", "Zahteva GraphQL ni veljavna: {reason}"),
        Text(
            "Check the document and its variables against the schema at /graphql/schema.graphql.",
            "Preverite dokument in spremenljivke po shemi na /graphql/schema.graphql.",
        ),
    ),
    _spec(
        "GRAPHQL_TOO_COMPLEX",
        400,
        Text(
            "The GraphQL document exceeds the limit on {limit}: {maximum}.",
            "Dokument GraphQL presega omejitev ({limit}): {maximum}.",
        ),
        Text("Split the document into smaller requests.", "Razdelite dokument na manjše zahteve."),
    ),
    _spec(
        "UNAUTHENTICATED",
        401,
        Text("Missing or invalid API key", "Ključ API manjka ali ni veljaven"),
        Text(
            "Send `Authorization: Bearer KEY` or `X-API-Key: KEY` with a key that is not revoked or expired.",
            "Pošljite `Authorization: Bearer KLJUČ` ali `X-API-Key: KLJUČ` z veljavnim ključem.",
        ),
    ),
    _spec(
        "INSUFFICIENT_CREDITS",
        402,
        Text("Insufficient credits for this operation", "Premalo kreditov za to operacijo"),
        Text(
            "`creditsRequired` and `creditsAvailable` say how many are missing. Nothing was charged.",
            "`creditsRequired` in `creditsAvailable` povesta, koliko manjka. Nič ni bilo zaračunano.",
        ),
    ),
    _spec(
        "KEY_BUDGET_REACHED",
        402,
        Text(
            "This API key has reached its monthly budget: {spent} of {budget} credits are spent or reserved, and this "
            "needs {required}",
            "Ta ključ API je dosegel svoj mesečni proračun: porabljenih ali rezerviranih je {spent} od {budget} "
            "kreditov, to pa jih potrebuje {required}",
        ),
        Text(
            "Wait until `resetsAt`, raise the key's `monthlyBudget`, or use another key. Nothing was charged.",
            "Počakajte do `resetsAt`, zvišajte `monthlyBudget` ključa ali uporabite drug ključ. Nič ni zaračunano.",
        ),
    ),
    _spec(
        "PAYMENTS_UNAVAILABLE",
        503,
        Text(
            "Payments cannot be reached just now; nothing was charged",
            "Plačila trenutno niso dosegljiva; nič ni bilo zaračunano",
        ),
        Text("Try again in a minute.", "Poskusite znova čez minuto."),
    ),
    _spec(
        "FORBIDDEN",
        403,
        Text("This API key lacks the scope {scope}", "Ta ključ API nima pravice {scope}"),
        Text("Use a key that has the scope.", "Uporabite ključ s to pravico."),
    ),
    _spec(
        "ACCOUNT_DISABLED",
        403,
        Text("This account is switched off", "Ta račun je izklopljen"),
        Text(
            "The operator of this installation switched it off and can switch it on again: ask there. In another "
            "account of yours, everything is as before.",
            "Izklopil ga je upravljavec te namestitve, ki ga lahko znova vklopi: vprašajte njega. V drugem vašem "
            "računu je vse po starem.",
        ),
    ),
    _spec(
        "SIGN_IN_REQUIRED",
        401,
        Text("Sign in first", "Najprej se prijavite"),
        Text(
            "Pages of the dashboard are for signed-in members; programs use the API with a key.",
            "Strani nadzorne plošče so za prijavljene člane; programi uporabljajo API s ključem.",
        ),
    ),
    _spec(
        "SIGN_IN_FAILED",
        401,
        Text(
            "The address or the password is not right, or the address is not confirmed yet",
            "Naslov ali geslo ni pravilno ali pa naslov še ni potrjen",
        ),
        Text(
            "Check both, look for our mail with the link, or choose a new password.",
            "Preverite oboje, poiščite naše sporočilo s povezavo ali izberite novo geslo.",
        ),
    ),
    _spec(
        "TOO_MANY_TRIES",
        429,
        Text(
            "Too many tries; try again in {minutes} min",
            "Preveč poskusov; poskusite znova čez {minutes} min",
        ),
        Text("Wait for `Retry-After` seconds, then try again.", "Počakajte `Retry-After` sekund in poskusite znova."),
    ),
    _spec(
        "LINK_INVALID",
        410,
        Text(
            "This link is not valid any more: it was used, has expired, or is not complete",
            "Ta povezava ne velja več: uporabljena je bila, je potekla ali ni popolna",
        ),
        Text("Ask for a new one.", "Zahtevajte novo."),
    ),
    _spec(
        "SIGN_UP_CLOSED",
        403,
        Text("Members come here by invitation only", "Člani so tu le po povabilu"),
        Text("Ask the operator or an owner for an invitation.", "Za povabilo prosite upravljavca ali lastnika."),
    ),
    _spec(
        "LAST_OWNER",
        409,
        Text(
            "An account needs an owner: this is its last one",
            "Račun potrebuje lastnika: ta je njegov zadnji",
        ),
        Text("Make somebody else an owner first.", "Najprej določite drugega lastnika."),
    ),
    _spec(
        "GENERATIONS_RUNNING",
        409,
        Text(
            "Generations of this account are still running",
            "Generiranja tega računa še potekajo",
        ),
        Text("Cancel them or wait for their end, then repeat.", "Prekličite jih ali počakajte na konec in ponovite."),
    ),
    _spec(
        "SIGN_IN_ELSEWHERE_FAILED",
        400,
        Text(
            "Signing in at {issuer} did not work: {reason}",
            "Prijava pri {issuer} ni uspela: {reason}",
        ),
        Text("Begin again from the sign-in page.", "Začnite znova na strani za prijavo."),
    ),
    _spec(
        "CROSS_SITE",
        403,
        Text(
            "This request did not come from a page of this site",
            "Ta zahteva ni prišla s strani tega spletišča",
        ),
        Text(
            "Changes come from the dashboard's own pages. Behind a proxy, set `DOITONG_PUBLIC_URL` and pass `Host`.",
            "Spremembe se delajo na straneh nadzorne plošče. Za posrednikom nastavite `DOITONG_PUBLIC_URL` "
            "in posredujte `Host`.",
        ),
    ),
    _spec(
        "ROLE_REQUIRED",
        403,
        Text("This needs the role {role}", "Za to je potrebna vloga {role}"),
        Text("Ask an owner of the account.", "Obrnite se na lastnika računa."),
    ),
    _spec(
        "NOT_FOUND",
        404,
        Text("Not found", "Ni najdeno"),
        Text(
            "Check the id and the account of the key; another account's objects read as unknown.",
            "Preverite id in račun ključa; tuji objekti se kažejo kot neznani.",
        ),
    ),
    _spec(
        "METHOD_NOT_ALLOWED",
        405,
        Text("Method not allowed; allowed: {allow}", "Metoda ni dovoljena; dovoljeno: {allow}"),
        Text("Use a method that the `Allow` header names.", "Uporabite metodo iz glave `Allow`."),
    ),
    _spec(
        "NOT_ACCEPTABLE",
        406,
        Text("The server offers: {offers}", "Strežnik ponuja: {offers}"),
        Text("Send an Accept header that admits JSON.", "Pošljite glavo Accept, ki dopušča JSON."),
    ),
    _spec(
        "GENERATION_FINISHED",
        409,
        Text(
            "The generation is {status} and can no longer be canceled",
            "Generiranje je v stanju {status} in ga ni več mogoče preklicati",
        ),
        Text("Read the generation: it has ended.", "Preberite generiranje: končano je."),
    ),
    _spec(
        "QUOTE_EXPIRED",
        409,
        Text("The quote has expired or is not known", "Ponudba je potekla ali ni znana"),
        Text("Ask for a new quote.", "Zahtevajte novo ponudbo."),
    ),
    _spec(
        "QUOTE_MISMATCH",
        409,
        Text(
            "The quote was given for another request: {parameter} differs",
            "Ponudba velja za drugo zahtevo: razlikuje se {parameter}",
        ),
        Text("Submit what was quoted, or ask anew.", "Oddajte, kar je bilo ponujeno, ali vprašajte znova."),
    ),
    _spec(
        "CONFLICT",
        409,
        Text(
            "The operation conflicts with the present state: {reason}",
            "Operacija je v nasprotju s stanjem: {reason}",
        ),
        Text("Read the object and decide anew.", "Preberite objekt in se odločite znova."),
    ),
    _spec(
        "PAYLOAD_TOO_LARGE",
        413,
        Text("The request body exceeds {maximum} bytes", "Telo zahteve presega {maximum} bajtov"),
        Text("Send pictures through POST /v1/uploads.", "Slike pošljite prek POST /v1/uploads."),
    ),
    _spec(
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        Text("Content-Type must be {expected}", "Content-Type mora biti {expected}"),
        Text("Set the Content-Type header.", "Nastavite glavo Content-Type."),
    ),
    _spec(
        "IDEMPOTENCY_KEY_REUSED",
        422,
        Text(
            "This Idempotency-Key was used with a different request",
            "Ta Idempotency-Key je bil uporabljen z drugačno zahtevo",
        ),
        Text(
            "Use a new key for a new request. Nothing was changed or charged.",
            "Za novo zahtevo uporabite nov ključ. Nič ni bilo spremenjeno ali zaračunano.",
        ),
    ),
    _spec(
        "RATE_LIMITED",
        429,
        Text(
            "Rate limit exceeded: {limit} {name} a minute on the {plan} plan",
            "Presežena omejitev: {limit} na minuto ({name}) v paketu {plan}",
        ),
        Text("Wait for `Retry-After` seconds, then repeat.", "Počakajte `Retry-After` sekund in ponovite."),
    ),
    _spec(
        "DAILY_LIMIT_REACHED",
        429,
        Text(
            "Daily limit reached: {limit} generations a day on the {plan} plan",
            "Dnevna omejitev dosežena: {limit} generiranj na dan v paketu {plan}",
        ),
        Text(
            "The day ends at 00:00 UTC; `Retry-After` says when.",
            "Dan se konča ob 00:00 UTC; glejte `Retry-After`.",
        ),
    ),
    _spec(
        "BACKLOG_FULL",
        429,
        Text(
            "The queue of this account is full: {limit} generations wait already",
            "Vrsta tega računa je polna: čaka že {limit} generiranj",
        ),
        Text("Wait for generations to finish.", "Počakajte, da se generiranja končajo."),
    ),
    _spec(
        "INTERNAL_ERROR",
        500,
        Text("Server error, please retry", "Napaka strežnika, poskusite znova"),
        Text(
            "Repeat with the same Idempotency-Key; report `requestId` if it persists.",
            "Ponovite z istim Idempotency-Key; če se ponavlja, sporočite `requestId`.",
        ),
    ),
    _spec(
        "UNAVAILABLE",
        503,
        Text("The service is not ready, please retry", "Storitev ni pripravljena, poskusite znova"),
        Text("Wait a few seconds, then repeat.", "Počakajte nekaj sekund in ponovite."),
    ),
    # What a generation that failed carries in `error`; the status is what a door would answer for it.
    _spec(
        "ENGINE_FAILED",
        500,
        Text(
            "The engine could not render this film; credits were released",
            "Pogon filma ni mogel izdelati; krediti so sproščeni",
        ),
        Text("Submit it again; nothing was charged.", "Oddajte znova; nič ni bilo zaračunano."),
    ),
    _spec(
        "ENGINE_UNAVAILABLE",
        503,
        Text(
            "No engine could take this generation; credits were released",
            "Noben pogon ni sprejel generiranja; krediti so sproščeni",
        ),
        Text("Try again later; nothing was charged.", "Poskusite pozneje; nič ni bilo zaračunano."),
    ),
    _spec(
        "CONTENT_POLICY",
        422,
        Text(
            "The request was refused by the engine's content policy",
            "Zahtevo je zavrnila vsebinska politika pogona",
        ),
        Text(
            "Change the prompt or picture. `creditCost` says whether the engine charged for it.",
            "Spremenite poziv ali sliko. `creditCost` pove, ali je pogon to zaračunal.",
        ),
    ),
    _spec(
        "ACCOUNT_STOPPED",
        403,
        Text(
            "Too many generations of this account were refused by content policy; it is stopped for a day",
            "Vsebinska politika je zavrnila preveč generiranj tega računa; ustavljen je za en dan",
        ),
        Text(
            "It goes on 24 hours after the refusals, or when the operator decides so.",
            "Nadaljuje se 24 ur po zavrnitvah ali ko tako odloči upravljavec.",
        ),
    ),
    _spec(
        "PICTURE_UNFIT",
        422,
        Text(
            "The engine cannot work with this picture; credits were released",
            "Pogon te slike ne more uporabiti; krediti so sproščeni",
        ),
        Text("Send another picture, or another size of it.", "Pošljite drugo sliko ali drugo velikost."),
    ),
    _spec(
        "REQUEST_REFUSED",
        422,
        Text(
            "The engine did not accept this request; credits were released",
            "Pogon te zahteve ni sprejel; krediti so sproščeni",
        ),
        Text("Change the prompt or the parameters.", "Spremenite poziv ali parametre."),
    ),
    _spec(
        "FILM_REJECTED",
        422,
        Text(
            "The engine rejected the film that it made; credits were released",
            "Pogon je zavrnil film, ki ga je naredil; krediti so sproščeni",
        ),
        Text(
            "Change the prompt: overlaid text, logos and instructions often end so.",
            "Spremenite poziv: napisi, logotipi in navodila se pogosto končajo tako.",
        ),
    ),
    _spec(
        "SUBMISSION_LOST",
        500,
        Text(
            "The film was made but could not be found; the operator decided that it was charged",
            "Film je nastal, a ga ni bilo mogoče najti; upravljavec je odločil, da se zaračuna",
        ),
        Text("Ask the operator of the service.", "Obrnite se na upravljavca storitve."),
    ),
    _spec(
        "GENERATION_TIMED_OUT",
        500,
        Text(
            "The generation did not end in time; credits were released",
            "Generiranje se ni končalo pravočasno; krediti so sproščeni",
        ),
        Text("Submit it again; nothing was charged.", "Oddajte znova; nič ni bilo zaračunano."),
    ),
)

REGISTRY: Mapping[str, ErrorSpec] = {spec.code: spec for spec in _SPECS}
