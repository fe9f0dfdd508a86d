"""What an owner decides in Settings -> Security."""

from django import forms


class RuleForm(forms.Form):
    rule = forms.ChoiceField(choices=[("required", "required"), ("optional", "optional")])
