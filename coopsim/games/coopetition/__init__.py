"""Coopetition: interdependence, value creation, trust and reputation (TR-1 and TR-2)."""
