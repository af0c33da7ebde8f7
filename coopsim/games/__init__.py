"""Games: rules of play, the forms that solvers read, and families of games.

One line here registers a family; its module is imported when it is first used.
"""

from coopsim.registry import register

register(
    "game",
    "coopetition/stage",
    "coopsim.games.coopetition.stage:Stage",
    "contribute once to a joint venture between rivals",
)
register(
    "game",
    "coopetition/repeated",
    "coopsim.games.coopetition.repeated:Repeated",
    "contribute round after round, with trust and reputation",
)
register(
    "game",
    "coopetition/appropriation",
    "coopsim.games.coopetition.appropriation:Appropriation",
    "contribute to a joint surplus and grab from it",
)
register(
    "game",
    "coopetition/market",
    "coopsim.games.coopetition.market:Market",
    "invest in a joint market and compete in it",
)
register(
    "game",
    "matrix",
    "coopsim.games.classic.matrix:MatrixGame",
    "choose at once from finite lists, paid by a table",
)
register(
    "game",
    "blotto",
    "coopsim.games.classic.blotto:BlottoGame",
    "divide troops over battlefields",
)
register(
    "game",
    "attendance",
    "coopsim.games.classic.attendance:AttendanceGame",
    "go or stay, where a crowd spoils it (El Farol, the minority game)",
)
register(
    "game",
    "routing",
    "coopsim.games.classic.routing:RoutingGame",
    "choose a route over roads that slow down as they fill (Braess)",
)
register(
    "game",
    "tree",
    "coopsim.games.classic.tree:TreeGame",
    "move in turn as a game tree in Gambit's .efg format says",
)
register(
    "game",
    "openspiel",
    "coopsim.games.adapters.openspiel_game:OpenSpielGame",
    "any OpenSpiel game that can be written out as a tree",
)
register(
    "game",
    "pettingzoo",
    "coopsim.games.adapters.pettingzoo_game:PettingZooGame",
    "any PettingZoo environment, Parallel or AEC",
)
for _name, _target, _summary in (
    ("markets/cournot", "markets.cournot:Cournot", "choose quantities, one price for all"),
    ("markets/bertrand", "markets.bertrand:Bertrand", "choose prices of differentiated goods"),
    ("markets/hotelling", "markets.hotelling:Hotelling", "choose prices at both ends of a street"),
    ("commons/tullock", "commons.tullock:Tullock", "spend effort on a prize that one wins"),
    ("commons/public-goods", "commons.public_goods:PublicGoods", "give to what all share"),
    ("commons/common-pool", "commons.common_pool:CommonPool", "take from what all share"),
):
    register("game", _name, f"coopsim.games.{_target}", _summary)
