"""Everyday words: what tells the two languages apart, what denies, and what says nothing about a picture."""

from doitong.engines.studio.reading.lexicon import Language, word_set

# words of one language that the other does not have: they tell which one a text is written in
FUNCTION_WORDS = {
    Language.ENGLISH: word_set(
    """
    the an of with and at over by is are under through into from for as its it this that these there their while
    without above behind across between around along against during near toward towards where which it's i want show
    give make me my we you your no not but or very slowly camera shot
    """
),
    Language.SLOVENIAN: word_set(
    """
    ob v z s na pri nad pod iz se je ki ter skozi med čez brez proti nato potem kamera kamere kamero kjer kot so za
    pred ali ampak najprej njegov njena po od počasi zelo si naj bo ni imajo ima posnetek prikaži ustvari naredi
    kaže okoli vzdolž
    """
) - {"a", "in", "on", "to", "so", "do", "no", "most", "more"},
}  # fmt: skip

# everyday English words that a Slovenian word or ending looks like: they never count as Slovenian by themselves
ENGLISH_LOOKALIKES = word_set(
    """
    more most grad pot vas do to on in a so no dim slap bor gore gori tone pes pan let led rose ring rings rob last
    kit lava laws lever mask mast mah moda morals neon noir planet plan port robot rock rok sale slip slope stone
    stop strip top tor vine ale ali list luna lilac manga anime retro vintage dolly zoom tilt drone aurora fjord
    tornado potion potent grade more's vale val cent mare mere polo pole polar poles stole stol metro motor park
    parks rook kava kilo ore ora oral ruin reef rib ribs rake rack race sob sobs soba jam jams jama lok pi pile pic
    pics pica lune arena sine dune dunes koala pasta past pest tiger panorama horizon balloon balon leva lev motors
    fractal sepia sepija vile gaj mole tram film filmski korala coral atom indigo magenta bled mars jupiter saturn
    tokio london havana steps step stepa stepi pora para parade stil silver sila svila skala skale tabor meter plus
    minus tort psi fantom bel siv punc
    """
)

NEGATIONS = word_set(
    """
    no without avoid not never don't doesn't exclude excluding remove nothing minus sans brez nobenih nobenega noben
    nobene nobena nič ne ni nočem izogibaj
    """
)
_PREPOSITIONS = """
    of at over by under through into from for as near above behind across between around along against during beside
    on in with within toward towards below beneath beyond inside outside among while where that which who and
    ob v z s na pri nad pod iz skozi med čez brez proti za pred po od na k h do ki kjer ko medtem okoli vzdolž ter
"""
PREPOSITIONS = word_set(_PREPOSITIONS)
ARTICLES = frozenset({"a", "an", "the", "any", "some", "single", "kakšnih", "kakršnih", "koli", "vsakršnih"})
LISTING = frozenset({"or", "and", "nor", "in", "ali", "niti", "ter"})

_VERBS = """
    run runs running walk walks walking stand stands standing sit sits sitting lie lies lying fly flies flying float
    floats floating drift drifts drifting move moves moving jump jumps jumping dance dances dancing swim swims swimming
    ride rides riding sleep sleeps sleeping play plays playing eat eats eating look looks looking watch watches watching
    shine shines shining glow glows glowing sparkle sparkling shimmer shimmering flow flows flowing wind
    winding rise hold holds flash flashes
    rises rising fall falls falling sway sways swaying blow blows blowing stretch stretches stretching pass passes
    passing roll rolling crash crashing break breaking lap lapping reflect reflects reflecting reflected surround
    surrounded surrounding cover covered covering dance lead leading leads cross crossing crosses shot seen lit
    teče tečejo hodi hodijo stoji stojijo sedi sedijo leži leti letijo plava plavajo pleše plešejo skače skačejo
    gleda gledata spi igra se premika premikajo sije sijejo vzhaja teko valovi pihlja piha pada padajo odseva odsevajo
    vodi vije razteza tekajo tekla preleti preletijo sledi pelje zapelje peljejo gre gredo kroži krožijo
"""
VERBS = word_set(_VERBS)
FRAMING = word_set(
    """
    shot shots video film clip footage image scene scenes view views picture photo photograph animation closeup
    close photography masterpiece award winning artwork wallpaper wide establishing macro render rendering sequence
    posnetek posnetki kader kadri prizor prizori slika pogled prikaz animacija fotografija širok bližnji
    """
)
_QUIET = """
    a i it more most less up down left right light lights lighting beautiful stunning epic majestic realistic ultra hd
    uhd high low quality detailed detail details highly wide angle movement motion mood atmosphere atmospheric
    style color colors
    colour colours small big large huge tall great vast endless distant distance background foreground middle center
    centre far away close closeup several few many some lots single lonely lone old young new fresh nice lovely amazing
    gorgeous breathtaking spectacular magnificent picturesque idyllic perfect day days time times hour hours season air
    weather scene k fps p hdr s d resolution aspect ratio depth of field lens flare bokeh mm tones tone mood deep
    create generate show make please want would like also just only then here there being has have be been can will
    gentle gently soft softly slow slowly fast rolling lush wild tropical remote hidden secret ancient rugged pristine
    in na k h pa tudi še že bi bo sta ste smo sem bil bila bilo biti vse ves vsa lep lepa lepo lepe lepi lepem lepih
    čudovit čudovita čudovito čudovite prekrasen prekrasna prekrasno svetloba svetlobi svetlobe svetlobo gibanje barve
    barv barvah velik velika veliko velike velikem majhen majhna majhno star stara staro stare stari visok visoka visoke
    visoki visokih globok globoka daljava daljavi ozadju ozadje ospredju čas času dan dnevu dneva ura uri lučjo lučmi
    polna polno polni tropski tropska tropsko luči ločljivost kakovost kakovosti podroben podrobno širok široka
    široko dolg dolga tih ko sredi stilu stil slogu slog vzdušje vzdušju
"""
QUIET = (
    word_set(_QUIET)
    | PREPOSITIONS
    | ARTICLES
    | LISTING
    | VERBS
    | FRAMING
    | frozenset(word for words in FUNCTION_WORDS.values() for word in words)
)
