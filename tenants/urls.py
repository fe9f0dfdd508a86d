"""Paths of a workspace's own pages."""

from django.urls import path

from tenants.views import account, audit, data, general, handovers, invitations, members, security

app_name = "tenants"
urlpatterns = [
    path("", general.home, name="home"),
    path("account/", account.index, name="account"),
    path("account/second-factor/", account.second_factor_wanted, name="second_factor_wanted"),
    path("account/continue/", account.go_on, name="go_on"),
    path("account/sessions/<int:session>/end/", account.end_session, name="end_session"),
    path("<slug:workspace>/settings/", general.general, name="settings"),
    path("<slug:workspace>/settings/general/", general.general, name="general"),
    path("<slug:workspace>/settings/audit/", audit.log, name="audit"),
    path("<slug:workspace>/settings/audit/export/", audit.export, name="audit_export"),
    path("<slug:workspace>/settings/data/", data.data, name="data"),
    path("<slug:workspace>/settings/data/exports/", data.exports, name="data-exports"),
    path("<slug:workspace>/settings/data/exports/<int:number>/", data.fetch, name="data-export"),
    path("<slug:workspace>/settings/data/exports/<int:number>/delete/", data.delete, name="data-export-delete"),
    path("<slug:workspace>/settings/data/close/", data.close, name="data-close"),
    path("<slug:workspace>/settings/data/reopen/", data.reopen, name="data-reopen"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("<slug:workspace>/settings/members/", members.members, name="members"),
    path("<slug:workspace>/settings/members/invite/", members.invite, name="invite"),
    path("<slug:workspace>/settings/members/leave/", members.leave, name="leave"),
    path("<slug:workspace>/settings/members/<int:number>/role/", members.role, name="member_role"),
    path("<slug:workspace>/settings/members/<int:number>/remove/", members.remove, name="member_remove"),
    path("<slug:workspace>/settings/members/invitations/<int:number>/resend/", members.resend, name="resend"),
    path("<slug:workspace>/settings/members/invitations/<int:number>/revoke/", members.revoke, name="revoke"),
    path("<slug:workspace>/settings/members/handover/", handovers.offer, name="handover"),
    path("<slug:workspace>/settings/members/handover/<int:number>/", handovers.offered, name="handover_offer"),
    path("<slug:workspace>/settings/members/handover/<int:number>/accept/", handovers.accept, name="handover_accept"),
    path(
        "<slug:workspace>/settings/members/handover/<int:number>/decline/", handovers.decline, name="handover_decline"
    ),
    path(
        "<slug:workspace>/settings/members/handover/<int:number>/withdraw/",
        handovers.withdraw,
        name="handover_withdraw",
    ),
    path("<slug:workspace>/settings/security/", security.security, name="security"),
]
